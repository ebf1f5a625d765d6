"""What is wrong with how Apple delivers analytics reports.

A finding is dated by the days that a delivery would have brought complete: for the daily one that is made N days after
a day that day, for the others their week or month.
"""
