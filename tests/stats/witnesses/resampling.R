# What R says about resampling: the jackknife by boot and, for whole patients, by survey; bootstraps by boot and pROC; all
# 256 resamples of four seeds. Writes resampling.json.
# Debian packages r-cran-boot, r-cran-survey, r-cran-proc, r-cran-jsonlite.
# Run in cxr_report/conformance/witnesses: Rscript ../../../tests/stats/witnesses/resampling.R
suppressMessages(suppressWarnings({library(boot); library(survey); library(pROC); library(jsonlite)}))
set.seed(20240120)

# two statistics of the same cases: a correlation and a ratio of sums
x <- round(rnorm(40, 2), 3); y <- round(0.6 * x + rnorm(40), 3); hit <- rbinom(40, 1, 0.7); asked <- pmax(hit, rbinom(40, 1, 0.8))
d <- data.frame(x, y, hit, asked)
both <- function(d, i) c(cor(d$x[i], d$y[i]), sum(d$hit[i]) / sum(d$asked[i]))
influence <- sapply(1:2, function(j) empinf(data = d, statistic = function(d, i) both(d, i)[j], stype = "i", type = "jack"))
drawn <- boot(d, both, R = 40000)

# whole patients left out: delete-one-cluster jackknife of two ratios
id <- rep(seq_len(18), times = rpois(18, 1.5) + 1); n <- length(id)
p <- data.frame(id, one = rbinom(n, 1, plogis(rnorm(18, 0.5))[id]), two = rbinom(n, 1, plogis(rnorm(18, 1))[id]), asked = rbinom(n, 1, 0.8))
replicates <- as.svrepdesign(svydesign(ids = ~id, weights = ~1, data = p), type = "JK1", mse = FALSE)
ratios <- withReplicates(replicates, quote(c(sum(.weights * one * asked) / sum(.weights * asked), sum(.weights * two) / sum(.weights))))

# new seeds and new cases: accuracy of five seeds
right <- t(sapply(seq_len(5), function(s) rbinom(60, 1, plogis(rnorm(1, 1.2, 0.3) + 1.5 * seq(-1, 1, length.out = 60)))))
cases <- boot(t(right), function(m, i) colMeans(m[i, ]), R = 40000)
table <- cov(cases$t); S <- 5; theta <- rowMeans(right)
case_var <- mean(diag(table)); cov2 <- mean(table[row(table) != col(table)]); ms <- var(theta)
se2 <- ms / S + max(cov2, 0); df <- S^2 * se2^2 / (ms^2 / (S - 1))
seeds_too <- replicate(40000, {s <- sample(5, replace = TRUE); i <- sample(60, replace = TRUE); mean(right[s, i])})

# areas on resamples that are not stratified
n <- 150; truth <- rbinom(n, 1, 0.35); a <- round(rnorm(n) + 1.1 * truth, 1); b <- round(0.6 * a + rnorm(n) + 0.5 * truth, 1)
area <- function(s) roc(truth, s, levels = 0:1, direction = "<", quiet = TRUE)
ra <- area(a); rb <- area(b); B <- 10000
boot_var <- function(r) var(r, method = "bootstrap", boot.n = B, boot.stratified = FALSE, progress = "none")
boot_cov <- cov(ra, rb, method = "bootstrap", boot.n = B, boot.stratified = FALSE, progress = "none")

# every resample of four seeds
scores <- rbind(c(900, 880, 800), c(840, 890, 830), c(910, 860, 900), c(800, 880, 850))
every <- as.matrix(expand.grid(1:4, 1:4, 1:4, 1:4))
means <- t(apply(every, 1, function(i) colMeans(scores[i, ])))
ranks <- t(apply(-round(means, 6), 1, rank, ties.method = "average"))
places <- t(apply(-round(means, 6), 1, function(m) {   # tied losses share the places they occupy
  r <- rank(m, ties.method = "min"); out <- matrix(0, 3, 3)
  for (i in 1:3) {tied <- sum(r == r[i]); out[i, r[i] + seq_len(tied) - 1] <- 1 / tied}
  as.vector(t(out))}))
observed <- rank(-colMeans(scores))
tau <- apply(ranks, 1, function(r) suppressWarnings(cor(r, observed, method = "kendall")))

versions <- list(R = as.character(getRversion()))
for (package in c("boot", "survey", "pROC")) versions[[package]] <- as.character(packageVersion(package))
out <- list(source = "resampling.R", versions = versions,
  jackknife = list(x = x, y = y, hit = hit, asked = asked, covariance = cov(influence) / nrow(d)),
  bootstrap = list(resamples = 40000, covariance = cov(drawn$t)),
  patients = list(id = id, one = p$one, two = p$two, asked = p$asked, estimate = as.numeric(coef(ratios)), covariance = unname(as.matrix(vcov(ratios)))),
  crossed = list(correct = right, resamples = 40000, estimate = mean(right), se = sqrt(se2), df = df,
    interval = mean(right) + c(-1, 1) * qt(0.975, df) * sqrt(se2), variance_seeds = ms / S, variance_cases = (case_var + (S - 1) * cov2) / S,
    percentile_se = sd(seeds_too), percentile = unname(quantile(seeds_too, c(0.025, 0.975)))),
  areas = list(truth = truth, a = a, b = b, resamples = B, auc = c(as.numeric(auc(ra)), as.numeric(auc(rb))),
    variance = c(boot_var(ra), boot_var(rb)), covariance = boot_cov),
  ranking = list(scores = scores, distribution = matrix(colMeans(places), 3, byrow = TRUE), ranks = observed,
    mean_ranks = colMeans(t(apply(-scores, 1, rank))), tau = mean(tau, na.rm = TRUE)))
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA), "resampling.json")
