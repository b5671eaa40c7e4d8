"""The synthetic town of Almelo: invented people whose records lead back to the published tables of 2016."""
