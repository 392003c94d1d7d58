"""Attention of many short sequences, with its derivative written out.

torch's own attention calls a matrix product and a softmax for every head of every sequence, which takes longer than
the arithmetic where sequences are short. Here one product serves a head of all sequences, without copies, and scores
stand as (keys, queries), so that the softmax runs over the first of the two axes and adds whole rows of queries.
Source: Vaswani et al.: Attention Is All You Need, 2017, section 3.2.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def attention(projected: Tensor, heads: int) -> Tensor:
    """softmax(q k^T / sqrt(d)) v per head, (n, tokens, dim), d = dim / heads; it can be differentiated once.

    ``projected`` (n, tokens, 3 * dim) holds queries, keys and values beside each other, each cut into heads.
    """
    found: Tensor = _Attention.apply(projected, heads)  # type: ignore[no-untyped-call]
    return found


class _Attention(Function):
    @staticmethod
    def forward(ctx: Any, projected: Tensor, heads: int) -> Tensor:
        query, key, value = _parts(projected, heads)
        n, tokens, d = query[0].shape
        weights = projected.new_empty(heads, n, tokens, tokens)  # (..., keys, queries)
        for head in range(heads):
            torch.bmm(key[head], query[head].transpose(1, 2), out=weights[head])
        weights *= d**-0.5
        weights.sub_(weights.amax(2, keepdim=True)).exp_()
        weights /= weights.sum(2, keepdim=True)
        ctx.save_for_backward(projected, weights)
        return torch.cat([torch.bmm(w.transpose(1, 2), v) for w, v in zip(weights, value, strict=True)], dim=2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        projected, weights = ctx.saved_tensors
        query, key, value = _parts(projected, len(weights))
        gradients = gradient.chunk(len(weights), dim=2)
        by_scores = torch.empty_like(weights)
        for out, v, g in zip(by_scores, value, gradients, strict=True):
            torch.bmm(v, g.transpose(1, 2), out=out)
        by_scores.mul_(weights)
        by_scores.addcmul_(weights, by_scores.sum(2, keepdim=True), value=-1).mul_(query[0].shape[2] ** -0.5)
        by_query = [torch.bmm(s.transpose(1, 2), k) for s, k in zip(by_scores, key, strict=True)]
        by_key = [torch.bmm(s, q) for s, q in zip(by_scores, query, strict=True)]
        by_value = [torch.bmm(w, g) for w, g in zip(weights, gradients, strict=True)]
        return torch.cat([*by_query, *by_key, *by_value], dim=2), None


def _parts(projected: Tensor, heads: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Queries, keys and values, each per head as a view (n, tokens, d)."""
    parts = projected.chunk(3 * heads, dim=2)
    return parts[:heads], parts[heads : 2 * heads], parts[2 * heads :]
