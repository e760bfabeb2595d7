"""``dub-assets edit``: the page on which a person edits a job's segments.

``server`` starts it, ``app`` has its routes, ``access`` decides who may use them. Edits are runs in a child process
(``worker``), which keeps the engines loaded; ``edit_queue`` is the server's side of it.
"""
