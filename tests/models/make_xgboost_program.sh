#!/bin/sh
# Models and answers made by XGBoost's own command line program, as Debian 12 has it (1.7.4).
# It calls .ubj what is in fact the old binary format: one such file is kept, to be refused.
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
python3 "$here/../model_rows.py" "$work"
cd "$work"
make() { # name, objective, target, file's ending, further settings
  name=program-$1.$4 objective=$2 target=$3
  out=$here/xgboost/$name
  shift 4
  printf '%s\n' task=train "data=\"$target.svm?format=libsvm\"" "objective=$objective" num_round=3 max_depth=2 eta=0.5 \
    nthread=1 verbosity=0 "model_out=\"$out\"" "$@" > train.conf
  xgboost train.conf
  printf '%s\n' task=pred 'test:data="rows.svm?format=libsvm"' "model_in=\"$out\"" "name_pred=\"$out.answers\"" \
    nthread=1 verbosity=0 > pred.conf
  xgboost pred.conf
}
make logistic binary:logistic two json
make logistic binary:logistic two model
make hinge binary:hinge two json
make softprob multi:softprob three json num_class=3
make softmax multi:softmax three json num_class=3 num_round=2
make poisson count:poisson count json
make gamma reg:gamma value json
make ranking rank:pairwise two json
make cox survival:cox value json
make squared reg:squarederror value json base_score=1.5
make dart multi:softprob three json num_class=3 booster=dart rate_drop=0.4 one_drop=1
make linear multi:softprob three json num_class=3 booster=gblinear
rm -r "$work" "$here/xgboost/program-logistic.model.answers"
