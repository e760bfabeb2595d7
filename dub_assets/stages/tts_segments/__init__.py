"""The new speech of each segment.

``stage.py`` gives each line a voice (``casting.py``, ``voice_references.py``), chooses what is said
(``rendering_choice.py``), speaks it, verifies it (``read_back.py``, ``agreement.py``), and fits it to its slot
(``fitting.py``, ``clips.py``). ``options.py`` has all numbers of fitting.
"""
