"""A fitted pipeline that the command line can seal: which of three cultivars a wine is made of."""

from sklearn.datasets import load_wine
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_wine(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0, stratify=y)
model = make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=30, random_state=0))
model.fit(X_train, y_train)

if __name__ == "__main__":
    X_test.assign(cultivar=y_test).to_csv("wine.csv", index=False)
    print("wrote wine.csv; now: sealift pack examples/wine.py:model --data wine.csv --target cultivar --name wine")
