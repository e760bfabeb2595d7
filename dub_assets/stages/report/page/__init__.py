"""The page that editors look at: a job's report as one HTML document. Values in, bytes out."""
