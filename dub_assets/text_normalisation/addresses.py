"""The form of addresses, handles, tags and names of files, which are copied by translators and spoken sign by sign."""

from __future__ import annotations

import re

_DOMAINS = (
    "com|org|net|edu|gov|io|dev|ai|app|co|info|me|tv|us|uk|br|pt|de|fr|es|it|nl|be|ch|at|pl|cz|se|no|fi|dk|ie|ca|mx|ar|"
    "cl|pe|au|nz|jp|kr|cn|in|ru|eu|int|xyz|tech|online|site|blog|shop|store|gg|ly"
)
_FILES = (
    "py|js|ts|jsx|tsx|c|h|cpp|cs|java|go|rs|rb|php|sh|bat|exe|dll|html|css|json|yaml|yml|toml|xml|csv|tsv|sql|md|txt|"
    "log|cfg|ini|conf|env|lock|pdf|doc|docx|xls|xlsx|ppt|pptx|zip|tar|gz|png|jpg|jpeg|gif|svg|mp3|mp4|wav|mov|mkv|srt"
)
ADDRESS = re.compile(
    r"(?:\w+://|www\.)[^\s<>\"]*[\w/]"  # links
    r"|[\w.+-]*\w@[\w-]+(?:\.[\w-]+)+"  # mail
    r"|(?<![\w.])[@#](?=[\w.-]*[^\W\d])\w+(?:[.-]\w+)*"  # handles and tags
    # sites
    rf"|(?<![\w.@/-])(?:[A-Za-z0-9][\w-]*\.)+(?:{_DOMAINS}|{_DOMAINS.upper()})(?:/[^\s<>\"]*[\w/])?(?![\w.]?\w)"
    rf"|(?<![\w.@])[A-Za-z_][\w-]*\.(?:{_FILES})(?!\.?\w)"  # files
)
