"""The text of each segment in the target language.

``stage.py`` translates segments of one sentence together (``passages.py``) and keeps terms (``terms.py``).
"""
