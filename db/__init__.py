"""The database: the instance row is the job."""
