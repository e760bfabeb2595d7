"""A diarisation pipeline of pyannote with small random models, written the way the hub has community-1.

The segmentation hears one speaker in every window, whoever it is; the embedding is a random x-vector, which tells
sounds apart that have little in common.
"""

from __future__ import annotations

from pathlib import Path

import lightning
import numpy as np
import torch
from pyannote.audio import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import XVectorMFCC
from pyannote.audio.models.segmentation import PyanNet

WINDOW_S = 2.0
DIMENSION = 16

CONFIG = """\
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 32
    segmentation_step: 0.25
    embedding: $model/embedding
    embedding_batch_size: 32
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering:
    threshold: 0.6
    Fa: 0.07
    Fb: 0.8
  segmentation:
    min_duration_off: 0.0
"""


def write(folder: Path) -> None:
    torch.manual_seed(0)
    (folder / "plda").mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    _save(_segmentation(), folder / "segmentation")
    _save(_embedding(), folder / "embedding")
    _write_plda(folder / "plda")


def _segmentation() -> PyanNet:
    model = PyanNet(lstm={"hidden_size": 4, "num_layers": 1}, linear={"hidden_size": 4, "num_layers": 1})
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=WINDOW_S,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.setup()
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
        model.classifier.bias[1] = 10.0  # of nobody, each of three, and each pair of them: the first alone
    return model


def _embedding() -> XVectorMFCC:
    model = XVectorMFCC(mfcc={"n_mfcc": 20}, dimension=DIMENSION)
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=WINDOW_S, classes=["somebody", "else"]
    )
    model.setup()
    return model


def _save(model: Model, folder: Path) -> None:
    folder.mkdir()
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "hparams_name": "kwargs",
        "pytorch-lightning_version": lightning.__version__,
        "epoch": 0,
        "global_step": 0,
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, folder / "pytorch_model.bin")


def _write_plda(folder: Path) -> None:
    random = np.random.default_rng(0)
    turned, _ = np.linalg.qr(random.normal(size=(DIMENSION, DIMENSION)))
    zeros = np.zeros(DIMENSION)
    np.savez(folder / "xvec_transform.npz", mean1=zeros, mean2=zeros, lda=np.eye(DIMENSION))
    np.savez(folder / "plda.npz", mu=zeros, tr=turned, psi=np.linspace(4.0, 0.5, DIMENSION))
