"""Text in, answer out: lower-casing, tokens and weights are part of the file, and the same in every locale."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sealift
from sealift.targets.page import build_page

GOOD = ["Très bon séjour", "friendly staff, clean rooms", "Wunderbar, sehr freundlich", "would come again"]
BAD = ["never again", "dirty rooms and rude staff", "laut und schmutzig", "très mauvais, trop cher"]
texts = [f"{text} {i % 7}" for i in range(10) for text in GOOD + BAD]
labels = (["good"] * len(GOOD) + ["bad"] * len(BAD)) * 10

model = make_pipeline(TfidfVectorizer(strip_accents="unicode"), LogisticRegression()).fit(texts, labels)

if __name__ == "__main__":
    packed = sealift.pack(model, texts, labels, name="reviews", card={"title": "Good or bad review?"})
    build_page(packed.path, "reviews.html")
    print(packed.load().predict(["Tres bon, clean"])["label"], "- open reviews.html with a double click")
