"""Stages: one package for each asset, named after it.

Versions of a product:

- ``STAGE_VERSION`` in ``stage.py`` is part of the product's fingerprint and is Dagster's code version. Raise it with
  every change of code that changes products: the next run makes them again.
- The fingerprint (``product.provenance.fingerprint``) covers the stage version and all inputs, and is Dagster's data
  version. The data version of an edited translation also covers the editors' texts.
- Parts that are kept one by one have fingerprints of their own: speech, fitted lines, voice references, programme gain.
  Raise the version of a part together with ``STAGE_VERSION``.
- ``SCHEMA_VERSION`` of a value is the format of its manifest (``core/codec.py``), 1 unless the class says otherwise.
  Raise it if earlier manifests can no longer be read.
"""
