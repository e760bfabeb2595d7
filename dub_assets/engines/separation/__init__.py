"""Engines that tell speech from background."""
