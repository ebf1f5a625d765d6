"""A Django app with the kinds of jobs that only the campaigns run."""
