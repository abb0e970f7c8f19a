"""What the DAG files share: how a step is run inside Airflow, and the words around it."""
