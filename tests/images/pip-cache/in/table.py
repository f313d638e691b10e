import pandas
import scipy.stats

print(pandas.DataFrame({"a": [1, 2]}).a.sum(), scipy.stats.norm.cdf(0))
