"""How runs get a process: one of their own on this machine, or a worker that stays warm (the extra ``workers``)."""
