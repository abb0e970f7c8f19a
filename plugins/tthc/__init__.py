"""From the files an office sends to the numbers it is judged by.

Plain Python: Airflow calls it, it never imports Airflow.
"""
