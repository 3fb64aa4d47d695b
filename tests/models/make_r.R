# What R users have at hand when they never saved a model in its library's own format.
folder <- commandArgs(trailingOnly = TRUE)[1]
model <- structure(list(raw = charToRaw("binf"), niter = 3), class = "xgb.Booster")
saveRDS(model, file.path(folder, "xgboost.rds"))
saveRDS(structure(list(), class = c("lgb.Booster", "R6")), file.path(folder, "lightgbm.bin"), compress = "xz")
saveRDS(structure(list(), class = "catboost.Model"), file.path(folder, "catboost.rds"), ascii = TRUE, compress = FALSE)
forest <- glm(am ~ wt, data = mtcars, family = binomial, model = FALSE, x = FALSE, y = FALSE)
saveRDS(coef(forest), file.path(folder, "glm.model"), compress = FALSE)
save(model, file = file.path(folder, "workspace.RData"), compress = "bzip2")
