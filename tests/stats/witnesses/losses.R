# What R says about several losses over the same seeds: writes losses.json.
# Scores are thousandths, so that ties are ties in R as well; tests divide them by 1000.
# Debian packages r-cran-car, r-cran-afex, r-cran-lme4, r-cran-jsonlite; run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/losses.R
suppressMessages({library(car); library(afex); library(lme4); library(jsonlite)})
set.seed(20240117)

draw <- function(s, k, loss, seed, rest, step = 1) {
  raw <- 800 + outer(rnorm(s, sd = seed), loss[seq_len(k)], "+") + matrix(rnorm(s * k, sd = rest), s)
  step * round(raw / step)
}
tables <- list(
  plain = draw(5, 4, c(0, 8, 12, 20), 5, 8),
  fewer_seeds_than_losses = draw(3, 4, c(0, 5, 10, 15), 3, 5),
  ties = draw(10, 3, c(0, 6, 6), 6, 8, step = 10),
  two_losses = draw(6, 2, c(0, 5), 6, 5),
  seeds_without_variance = rbind(c(800, 820, 815), c(812, 806, 826), c(807, 818, 811), c(803, 809, 829), c(810, 812, 814)),
  no_effect = draw(8, 5, rep(0, 5), 10, 6),
  many_ties = draw(12, 4, c(0, 4, 8, 8), 8, 8, step = 20)
)

long <- function(m) data.frame(score = as.vector(m) / 1000, seed = factor(as.vector(row(m))), loss = factor(as.vector(col(m))))

ranks <- function(m) {
  s <- nrow(m); k <- ncol(m)
  fr <- friedman.test(m)
  chi2 <- unname(fr$statistic)
  f <- (s - 1) * chi2 / (s * (k - 1) - chi2)
  r <- colMeans(t(apply(-m, 1, rank)))
  q <- abs(outer(r, r, "-")) / sqrt(k * (k + 1) / (12 * s))
  p <- ptukey(q, k, Inf, lower.tail = FALSE); diag(p) <- 1
  list(mean_ranks = r, chi2 = chi2, p = fr$p.value, kendall_w = chi2 / (s * (k - 1)), f = f,
       p_f = pf(f, k - 1, (k - 1) * (s - 1), lower.tail = FALSE), nemenyi = p)
}

anova_rm <- function(m) {
  s <- nrow(m); k <- ncol(m)
  colnames(m) <- paste0("l", seq_len(k))
  fit <- lm(m / 1000 ~ 1)
  u <- summary(Anova(fit, idata = data.frame(loss = factor(seq_len(k))), idesign = ~loss, type = 3), multivariate = FALSE)
  row <- u$univariate.tests["loss", ]
  ges <- suppressWarnings(suppressMessages(aov_ez("seed", "score", long(m), within = "loss", anova_table = list(es = c("ges", "pes"), correction = "none"))))
  out <- list(f = row[["F value"]], df1 = row[["num Df"]], df2 = row[["den Df"]], p = row[["Pr(>F)"]],
              generalized_eta2 = ges$anova_table[["ges"]], partial_eta2 = ges$anova_table[["pes"]])
  if (k > 2 && s >= k) {
    adjusted <- u$pval.adjustments["loss", ]
    out <- c(out, list(epsilon_gg = adjusted[["GG eps"]], p_gg = adjusted[["Pr(>F[GG])"]], epsilon_hf = adjusted[["HF eps"]],
                       p_hf = adjusted[["Pr(>F[HF])"]], mauchly_w = u$sphericity.tests["loss", "Test statistic"],
                       mauchly_p = u$sphericity.tests["loss", "p-value"]))
  }
  out
}

mixed <- function(m) {
  d <- long(m)
  quiet <- function(x) suppressMessages(suppressWarnings(x))
  reml <- quiet(lmer(score ~ loss + (1 | seed), d, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14))))
  full <- quiet(lmer(score ~ loss + (1 | seed), d, REML = FALSE)); null <- quiet(lmer(score ~ 1 + (1 | seed), d, REML = FALSE))
  test <- quiet(anova(null, full))
  list(effects = unname(fixef(reml)), standard_errors = unname(sqrt(diag(as.matrix(vcov(reml))))),
       sd_seed = attr(VarCorr(reml)$seed, "stddev")[[1]], sd_residual = sigma(reml), chi2 = test$Chisq[2], p = test$`Pr(>Chisq)`[2],
       singular = isSingular(reml))
}

versions <- list(R = as.character(getRversion()))
for (package in c("car", "afex", "lme4")) versions[[package]] <- as.character(packageVersion(package))
found <- lapply(tables, function(m) list(scores = m, ranks = ranks(m), anova = anova_rm(m), mixed = mixed(m)))
grid <- expand.grid(k = 2:10, n = c(3, 5, 10, 30), alpha = c(0.05, 0.1))
grid$cd <- mapply(function(k, n, alpha) qtukey(1 - alpha, k, Inf) / sqrt(2) * sqrt(k * (k + 1) / (6 * n)), grid$k, grid$n, grid$alpha)
out <- list(source = "losses.R", versions = versions, tables = found, critical_difference = grid)
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA, dataframe = "columns"), "losses.json")
