"""A user's Llama, fine-tuned and handed to peft; and what the claims read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from experiments.adapt.core.demonstrations import share_right
from experiments.adapt.lora import EXPERIMENT, measures, own
from experiments.adapt.lora.params import FULL, Params
from experiments.adapt.lora.setup import prepare
from experiments.adapt.lora.tasks import image_task
from experiments.foundation.datasets.images import load_images
from experiments.lab.errors import InputError
from experiments.lab.experiment import Note, Rows
from experiments.lab.judge.measured import Pairs, Undecided

transformers = pytest.importorskip("transformers", reason="needs transformers and peft, which are the judges")
peft = pytest.importorskip("peft", reason="needs peft, which is the judge")
tokenizers = pytest.importorskip("tokenizers", reason="needs tokenizers, which read the prompts")

WORDS = ["<s>", "</s>", *"abcdefghijklmnopqrstuvwxyz0123456789:. "]
PAIRS = [{"prompt": f"{a}{b}: ", "answer": a} for a in "abcde" for b in "vwxyz"]


@pytest.fixture(params=[False, True], ids=["own head", "tied head"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A Llama as transformers writes it, with single letters as its tokens."""
    home = tmp_path / "llama"
    config = transformers.LlamaConfig(
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=len(WORDS),
        max_position_embeddings=64,
        bos_token_id=0,
        eos_token_id=1,
        tie_word_embeddings=request.param,
    )
    torch.manual_seed(0)
    transformers.LlamaForCausalLM(config).save_pretrained(home)
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    letters = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="</s>"))
    letters.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    letters.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    letters.save(str(home / "tokenizer.json"))
    (tmp_path / "demos.jsonl").write_text("\n".join(map(json.dumps, PAIRS)))
    return home


def params(folder: Path, **changes: Any) -> Params:
    given = {"model": str(folder), "data": folder.parent / "demos.jsonl", "steps": 60, "batch_size": 8, "rank": (4,)}
    return Params(**(given | {"lrs_low_rank": (1e-3, 1e-2)} | changes))


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")  # peft asks for it
def test_the_adapter_and_the_merged_model_are_what_peft_and_transformers_read(folder: Path) -> None:
    out, merged = folder.parent / "adapter", folder.parent / "merged.safetensors"
    setup = prepare(params(folder, adapter=out, merged=merged), 0)
    events = list(own.PART.run(setup))
    before, *after = rows = [event for event in events if isinstance(event, own.OwnRow)]
    assert [row.lr for row in rows] == [0, 1e-3, 1e-2]
    assert min(row.test_loss for row in after) < before.test_loss
    base = transformers.LlamaForCausalLM.from_pretrained(folder)
    x = torch.randint(2, len(WORDS), (3, 10))
    assert setup.yours is not None
    ours = setup.yours.network(x)
    assert not torch.allclose(ours, base(x).logits, atol=1e-2)
    theirs = peft.PeftModel.from_pretrained(base, str(out))
    torch.testing.assert_close(ours, theirs(x).logits, rtol=1e-4, atol=1e-4)
    weights, whole = load_file(merged), theirs.merge_and_unload()
    assert ("lm_head.weight" in weights) != base.config.tie_word_embeddings
    assert all(torch.equal(whole.state_dict()[name], weight) for name, weight in weights.items())
    notes = [event.text for event in events if isinstance(event, Note)]
    assert [out.name in note or merged.name in note for note in notes] == [False, True, True]
    assert "of unseen answers from" in EXPERIMENT.answer({}, Rows({own.PART.name: rows}))


def test_demonstrations_are_tokens_with_bos_before_and_eos_after(folder: Path) -> None:
    yours = prepare(params(folder), 0).yours
    assert yours is not None
    assert (len(yours.train), len(yours.validation), len(yours.test)) == (21, 2, 2)
    words = [WORDS[number] for number in yours.validation[0].prompt.tolist()]
    assert words == ["<s>", "a", "v", ":", " "]
    assert [WORDS[number] for number in yours.validation[0].answer.tolist()] == ["a", "</s>"]


@pytest.mark.parametrize(
    ("changes", "lines", "problem"),
    [
        ({"data": None}, None, "has nothing to learn: give data=FILE.jsonl"),
        ({"data": Path("none.jsonl")}, None, "data=none.jsonl cannot be read"),
        ({"model": "nowhere"}, None, "model=nowhere: there is no such file or folder"),
        ({"adapter": Path("/")}, None, "adapter=/ exists: name another one"),
        ({"merged": Path("no/where.safetensors")}, None, "there is no folder"),
        ({}, ['{"prompt": "a"}'], "line 1: expected an object of two texts"),
        ({}, ["{}", "nonsense"], "line 2: expected an object of two texts"),
        ({}, ['{"instruction": "a", "output": ""}'], "the answer not empty"),
        ({}, ['{"prompt": "a", "answer": "b"}'], "has 1 demonstrations: give 10 at least"),
        ({}, [json.dumps({"prompt": "a" * 80, "answer": "b"})] * 10, "has 81 tokens of prompt and 2 of answer"),
    ],
)
@pytest.mark.parametrize("folder", [False], indirect=True)
def test_what_cannot_be_learned_is_refused(
    folder: Path, changes: dict[str, Any], lines: list[str] | None, problem: str
) -> None:
    if lines is not None:
        (folder.parent / "demos.jsonl").write_text("\n".join(lines))
    with pytest.raises(InputError, match=problem):
        prepare(params(folder, **changes), 0)


def test_what_would_have_no_effect_is_refused() -> None:
    with pytest.raises(InputError, match="adapter= belongs to a model of yours"):
        prepare(Params(adapter=Path("out")), 0)
    with pytest.raises(InputError, match="text=python-docs: expected a text of 90300 different words"):
        prepare(Params(task="text", new_examples=90_000, base_steps=1), 0).task()
    with pytest.raises(InputError, match="of one length"):
        prepare(Params(lrs_head=(1e-3,)), 0)


def row(arm: str, lr: float, validation: float, new: float, old: float) -> measures.AdaptedRow:
    return measures.AdaptedRow(
        dataset="digits",
        arm=arm,
        lr=lr,
        trained_parameters=1,
        possible_rank=1,
        rank=1,
        validation_accuracy=validation,
        new_accuracy=new,
        old_accuracy=old,
        old_accuracy_before=1.0,
    )


def test_forgetting_is_compared_where_full_fine_tuning_is_as_accurate() -> None:
    full = [row(FULL, 1, 0.5, 0.5, 0.9), row(FULL, 2, 0.9, 0.9, 0.5), row(FULL, 3, 0.7, 0.7, 0.1)]
    lora = [row("LoRA, rank 1", lr, score, 0.6, 0.7) for lr, score in ((1, 0.1), (2, 0.6), (3, 0.1))]
    pairs = measures.at_equal_new_accuracy([*full, *lora])["LoRA, rank 1"]
    assert isinstance(pairs, Pairs)
    assert pairs.treatment == {0: 0.7}
    assert pairs.baseline == {0: pytest.approx(0.8)}  # between (0.5, 0.9) and (0.9, 0.5); the rate beyond is left out
    edge = [row("LoRA, rank 1", lr, lr / 10, 0.6, 0.7) for lr in (1, 2, 3)]
    assert isinstance(measures.at_equal_new_accuracy([*full, *edge])["LoRA, rank 1"], Undecided)


def test_a_new_set_of_images_is_learned_as_it_stands() -> None:
    digits, asked = load_images("digits", seed=0), Params()
    turned, other = image_task(asked, digits, 0), image_task(asked, digits, 0, digits)
    assert other.dataset == "digits to digits"
    known, unknown = (share_right(task.base, task.test) for task in (other, turned))
    assert known > unknown + 0.3  # here the other set is the one that the base knows
    with pytest.raises(InputError, match="expected old images of 28 x 28, got digits"):
        prepare(Params(new_images="fashion"), 0)
