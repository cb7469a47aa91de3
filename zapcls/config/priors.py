"""How many of each class there are where a photo comes from, as far as a person can say."""

LEARNED, EVEN = "learned", "even"  # as among the training photos; as many of each
PRIORS = (LEARNED, EVEN)
