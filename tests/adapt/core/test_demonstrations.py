"""What a loss counts, and whether teacher forcing says what greedy decoding says."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from experiments.adapt.core.answers import greedy, well_formed
from experiments.adapt.core.demonstrations import (
    IGNORED,
    Demonstration,
    answered,
    counted_loss,
    examples_of,
    labels_of,
    share_right,
)
from experiments.adapt.core.fine_tuning import fine_tune
from experiments.adapt.core.text_base import questions, untrained
from experiments.foundation.architectures.llama import tokens

TEXT = "the quick brown fox jumps over the lazy dog while seven other animals look away and sleep"


def demonstrations(n: int) -> list[Demonstration]:
    return questions(TEXT, n, seed=0)


def test_each_answer_byte_and_the_newline_count_once_counted_by_hand() -> None:
    one = Demonstration(tokens("len fox: "), tokens("3\n"))
    assert [bytes([label - 3]) for label in labels_of(one).tolist() if label != IGNORED] == [b"3", b"\n"]
    assert labels_of(one).tolist()[: len("len fox: ") - 1] == [IGNORED] * 8
    assert labels_of(one, masked=False).tolist() == tokens("en fox: 3\n").tolist()


def test_padding_changes_neither_the_loss_nor_what_is_right() -> None:
    torch.manual_seed(0)
    network, ones = untrained(16, 1), demonstrations(6)
    plain, padded = examples_of(ones), examples_of(ones, length=40)
    assert padded.inputs.shape == (6, 40)
    losses = [counted_loss(network(part.inputs), part.labels) for part in (plain, padded)]
    torch.testing.assert_close(losses[0], losses[1])
    by_token = [
        cross_entropy(network(x[None])[0], y, reduction="sum", ignore_index=IGNORED).item()
        for x, y in zip(plain.inputs, plain.labels, strict=True)
    ]
    assert losses[0].item() == pytest.approx(sum(by_token) / sum(len(one.answer) for one in ones), rel=1e-5)


def test_what_is_right_is_what_greedy_decoding_says() -> None:
    torch.manual_seed(0)
    network, ones = untrained(16, 1), demonstrations(15)
    fine_tune(network, examples_of(ones), lr=1e-2, steps=60, batch_size=8, seed=0)
    said = [greedy(network, [one.prompt], len(one.answer))[0] for one in ones]
    together = greedy(network, [one.prompt for one in ones], 2)
    right = [torch.equal(words, one.answer) for words, one in zip(said, ones, strict=True)]
    assert 0 < sum(right) < len(ones)
    assert share_right(network, examples_of(ones)) == sum(right) / len(ones)
    assert answered(network, ones, batch_size=4)[1] == pytest.approx(sum(right) / len(ones))
    assert all(torch.equal(words, row) for words, row in zip(said, together, strict=True))
    assert sum(right) / len(ones) <= well_formed(network, ones) <= 1


def test_questions_are_about_different_words_and_their_answers_are_true() -> None:
    asked = [bytes((torch.cat([one.prompt, one.answer]) - 3).tolist()).decode() for one in demonstrations(12)]
    words = [line.split(":")[0].split()[1] for line in asked]
    assert len(set(words)) == 12
    for line, word in zip(asked, words, strict=True):
        kind = line.split()[0]
        assert line == f"{kind} {word}: { {'len': len(word), 'first': word[0], 'last': word[-1]}[kind] }\n"
    with pytest.raises(ValueError, match="expected a text of 99 different words, got"):
        questions(TEXT, 99, seed=0)


def test_replay_adds_a_third_of_old_examples_to_every_batch() -> None:
    torch.manual_seed(0)
    seen: list[torch.Tensor] = []

    class Watching(torch.nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x[:, 0].detach())
            return super().forward(x)

    new, old = (torch.full((50, 4), value) for value in (1.0, -1.0))
    examples, replayed = (type(examples_of(demonstrations(1)))(x, torch.zeros(50).long()) for x in (new, old))
    fine_tune(Watching(4, 2), examples, lr=1e-3, steps=5, batch_size=30, seed=0, replayed=replayed)
    assert [((x == 1).sum().item(), (x == -1).sum().item()) for x in seen] == [(30, 10)] * 5
