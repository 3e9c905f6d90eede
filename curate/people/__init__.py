"""People in the loop: the rubric they read, the rows they label, the set they build by hand, and what all of it says."""
