"""The report page: Jinja2 templates, style and scripts, and the function that renders them."""
