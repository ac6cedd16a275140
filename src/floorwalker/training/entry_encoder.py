"""The EntryEncoder: a set of image vectors and the attributes of one entry become one unit vector."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

EMBEDDING_DIMENSION = 128
_FAR_BELOW = -1e4  # as good as minus infinity in a softmax, and still a number in every precision


class AttentivePooling(nn.Module):
    """A set of vectors to one: the first asks, all answer.

    It starts as the plain mean: the answers are the vectors themselves and all questions alike. What training
    adds is which pictures of a burst to trust.

    Source: Vaswani et al., Attention Is All You Need, 2017 (scaled dot product), with one query a set.
    """

    def __init__(self, vis_dim: int, emb_dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(vis_dim, emb_dim)
        self.key = nn.Linear(vis_dim, emb_dim)
        self.value = nn.Linear(vis_dim, vis_dim)
        self.scale = 1.0 / math.sqrt(emb_dim)
        nn.init.zeros_(self.query.weight)
        nn.init.zeros_(self.query.bias)
        nn.init.eye_(self.value.weight)
        nn.init.zeros_(self.value.bias)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """(B, N, D) vectors and (B, N) mask, 1 where there is one, to (B, D)."""
        asked = self.query(vectors[:, :1]) @ self.key(vectors).transpose(1, 2) * self.scale
        weights = functional.softmax(asked + (1.0 - mask[:, None]) * _FAR_BELOW, dim=-1)
        return (weights @ self.value(vectors))[:, 0]


class MeanPooling(nn.Module):
    """A set of vectors to their mean."""

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """(B, N, D) vectors and (B, N) mask, 1 where there is one, to (B, D)."""
        return (vectors * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


class EntryEncoder(nn.Module):
    """Image vectors → pooling → Linear; attributes → Linear; both → Linear, ReLU, dropout, Linear → length 1.

    The visual way starts as a linear map: the hidden layer holds each number once as it is and once negated,
    and the last one puts the two halves together again. So an encoder that was hardly trained is as good as
    the mean of the vectors, and training goes on from there; few shops have people enough to learn it anew.

    Args:
        vis_dim: D, numbers of an image vector.
        attr_dim: numbers of the attributes; 0: none are used.
        emb_dim: E, numbers of the result.
        use_attention: attentive pooling; otherwise the masked mean.
        dropout: share of the hidden numbers that training leaves out, 0 to 1. Raised, it holds the encoder
            nearer to what it began as.
    """

    def __init__(
        self,
        vis_dim: int,
        attr_dim: int,
        emb_dim: int = EMBEDDING_DIMENSION,
        use_attention: bool = True,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.vis_dim, self.attr_dim, self.emb_dim = vis_dim, attr_dim, emb_dim
        self.use_attention, self.dropout = use_attention, dropout
        self.pooling = AttentivePooling(vis_dim, emb_dim) if use_attention else MeanPooling()
        self.visual = nn.Linear(vis_dim, emb_dim)
        self.attributes = nn.Linear(attr_dim, emb_dim) if attr_dim else None
        joined = 2 * emb_dim if attr_dim else emb_dim
        self.fusion = nn.Sequential(
            nn.Linear(joined, 2 * emb_dim), nn.ReLU(), nn.Dropout(dropout), nn.Linear(2 * emb_dim, emb_dim)
        )
        self._start_linear()

    def forward(self, vectors: Tensor, mask: Tensor, attributes: Tensor) -> Tensor:
        """Encode a batch.

        Args:
            vectors: (B, N, D), padded with zeros behind the last picture of each entry.
            mask: (B, N), 1 where there is a picture, else 0; the first is always there.
            attributes: (B, attr_dim); (B, 0) or anything where none are used.

        Returns:
            (B, E) of length 1.
        """
        joined = self.visual(self.pooling(functional.normalize(vectors, dim=-1), mask))
        if self.attributes is not None:
            joined = torch.cat([joined, self.attributes(attributes)], dim=-1)
        return functional.normalize(self.fusion(joined), dim=-1)

    def start_from(self, vectors: Tensor) -> None:
        """Let the visual Linear begin as the principal axes of what the shop's vectors differ by.

        Args:
            vectors: (M, D) image vectors of the training part.
        """
        unit = functional.normalize(vectors, dim=-1)
        middle = unit.mean(dim=0)
        _, _, axes = torch.linalg.svd(unit - middle, full_matrices=False)
        count = min(self.emb_dim, len(axes))
        with torch.no_grad():
            self.visual.weight.zero_()
            self.visual.weight[:count] = axes[:count]
            self.visual.bias.copy_(-self.visual.weight @ middle)

    def _start_linear(self) -> None:
        first, last = self.fusion[0], self.fusion[3]
        eye = torch.eye(self.emb_dim)
        with torch.no_grad():
            nn.init.orthogonal_(self.visual.weight)
            self.visual.bias.zero_()
            first.weight.zero_()
            first.bias.zero_()
            first.weight[:, : self.emb_dim] = torch.cat([eye, -eye])
            if self.attributes is not None:
                # What attributes say is added as it is; small, for nobody knows yet what it is worth.
                first.weight[:, self.emb_dim :] = torch.cat([eye, -eye])
                nn.init.normal_(self.attributes.weight, std=0.01)
                self.attributes.bias.zero_()
            last.weight.copy_(torch.cat([eye, -eye], dim=1))
            last.bias.zero_()
