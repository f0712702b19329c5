# Smallest p values, seeds needed, the mid-p form of McNemar's test, the same test for whole patients, the logit interval of
# an area and the parts of a Brier score, from R: writes limits.json.
# Debian packages r-cran-exactranktests, r-cran-proc, r-cran-jsonlite.
# Run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/limits.R
suppressMessages(suppressWarnings({library(exactRankTests); library(pROC); library(jsonlite)}))
set.seed(20240122)

# the most extreme data there can be, tested
signed <- lapply(3:9, function(n) list(n = n,
  wilcoxon = wilcox.exact(seq_len(n), mu = 0, exact = TRUE)$p.value,
  sign_flip = suppressWarnings(perm.test(2^seq_len(n), rep(0, n), paired = TRUE, exact = TRUE)$p.value),
  mcnemar = binom.test(n, n)$p.value))
orders <- function(k) {g <- as.matrix(expand.grid(rep(list(seq_len(k)), k))); g[apply(g, 1, function(r) !anyDuplicated(r)), , drop = FALSE]}
arrangements <- function(k, n) {   # share of all rank tables that are as extreme as unanimous seeds
  one <- orders(k); picks <- as.matrix(expand.grid(rep(list(seq_len(nrow(one))), n)))
  chi2 <- apply(picks, 1, function(i) friedman.test(one[i, , drop = FALSE])$statistic)
  list(k = k, n = n, p = mean(chi2 >= max(chi2) - 1e-9))
}
unanimous <- list(arrangements(3, 2), arrangements(3, 3), arrangements(3, 4), arrangements(4, 2))

grid <- expand.grid(d = c(0.3, 0.5, 0.8, 1, 1.5, 2.5), power = c(0.8, 0.9), alpha = c(0.05, 0.01))
grid$n <- mapply(function(d, power, alpha) ceiling(power.t.test(delta = d, sd = 1, sig.level = alpha, power = power, type = "paired", strict = TRUE, tol = 1e-10)$n),
                 grid$d, grid$power, grid$alpha)

midp <- Map(function(b, c) list(b = b, c = c,
  p = min(1, binom.test(b, b + c)$p.value - dbinom(b, b + c, 0.5) * ifelse(b == c, 0.5, 1))), c(7, 1, 12, 5, 30, 0, 3), c(1, 7, 5, 5, 18, 6, 2))

patients <- lapply(c(9, 14), function(G) {   # exchange both classifiers within whole patients
  id <- rep(seq_len(G), times = rpois(G, 2) + 1); a <- rbinom(length(id), 1, 0.8); b <- rbinom(length(id), 1, 0.6)
  ga <- as.vector(tapply(a, id, sum)); gb <- as.vector(tapply(b, id, sum))
  list(id = id, a = a, b = b, exact = suppressWarnings(perm.test(ga, gb, paired = TRUE, exact = TRUE)$p.value),
       chi2 = sum(ga - gb)^2 / sum((ga - gb)^2), p_chi2 = pchisq(sum(ga - gb)^2 / sum((ga - gb)^2), 1, lower.tail = FALSE))
})

logit <- lapply(c(1.2, 2.2), function(shift) {
  truth <- rbinom(70, 1, 0.4); score <- round(rnorm(70) + shift * truth, 2)
  r <- roc(truth, score, levels = 0:1, direction = "<", quiet = TRUE); a <- as.numeric(auc(r)); se <- sqrt(var(r, method = "delong"))
  list(truth = truth, score = score, auc = a, se = se, interval = plogis(qlogis(a) + c(-1, 1) * qnorm(0.975) * se / (a * (1 - a))))
})

p <- round(rbeta(120, 1.5, 1.5), 2); y <- rbinom(120, 1, p^1.4); bin <- cut(p, seq(0, 15) / 15, include.lowest = TRUE)
ss <- summary(aov(y ~ factor(bin)))[[1]][["Sum Sq"]]
brier <- list(truth = y, probability = p, reliability = mean((ave(p, bin) - ave(y, bin))^2), resolution = ss[1] / 120,
  uncertainty = sum(ss) / 120, brier = mean((p - y)^2), within_bin = mean((p - ave(p, bin))^2) - 2 * mean((p - ave(p, bin)) * (y - ave(y, bin))),
  count = as.vector(table(bin)), predicted = as.vector(tapply(p, bin, mean)), observed = as.vector(tapply(y, bin, mean)))

versions <- list(R = as.character(getRversion()))
for (package in c("exactRankTests", "pROC")) versions[[package]] <- as.character(packageVersion(package))
out <- list(source = "limits.R", versions = versions, signed = signed, unanimous = unanimous, seeds_needed = grid, midp = midp,
            patients = patients, logit = logit, brier = brier)
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA, dataframe = "columns", na = "null"), "limits.json")
