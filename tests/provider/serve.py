#!/usr/bin/env python3
"""llama.cpp's own HTTP server on loopback, with a model that is made here and always answers the same.

    python3 tests/provider/serve.py --install     # only that
    python3 tests/provider/serve.py --key=KEY     # prints its address; ends with SIGTERM

The model is a Llama of one layer whose attention and feed-forward weights are zero. So the next token follows from the last
one alone, by the output matrix: a text is a chain of tokens, and the chat template ends with the token that begins it. Whether
the model thinks, has been asked before, or goes on without end is thereby decided by what the template reads in the messages.
"""
from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parents[1] / ".atelier" / "tools" / "provider"
CONTEXT = 2048
# Tokens, and also the width of the model. It is then slow enough that whoever reads an answer without end stops it, and no limit does.
SIZE = 768
# What follows each beginning. The character in the middle becomes a token for each of its bytes, as rare ones do.
TEXTS = {
    "<|first|>": (
        "<think>\nLa question porte sur une liste.\n</think>\n\n"
        "```python\nnotes = [14, 9, 17]\nprint(sorted(notes))\n```\n\nExplication : `sorted` rend une nouvelle liste tri", "é", "e, et `notes` reste telle quelle.",
    ),
    "<|again|>": ("```python\nprint(sorted(notes, reverse=True))\n```\n\nExplication : `reverse=True` va du plus grand au plus petit.", "", ""),
    "<|endless|>": ("encore toujours", "", ""),
}
TEMPLATE = """\
{%- for message in messages %}<|{{ message.role }}|>
{%- if message.reasoning_content %}<think>{{ message.reasoning_content }}</think>{% endif %}{{ message.content }}
{%- endfor %}
{%- if add_generation_prompt %}
{%- if 'sans fin' in messages[-1].content %}<|endless|>
{%- elif messages|length == 4 and messages[1].role == 'user' and messages[2].role == 'assistant' and 'sorted(notes)' in messages[2].content %}<|again|>
{%- else %}<|first|>
{%- endif %}
{%- endif %}"""


class Vocabulary:
    """SentencePiece's, as the first Llamas have it: three tokens with a meaning, one for each byte, then texts."""

    def __init__(self):
        from gguf import TokenType as kind

        self.kind = kind
        self.tokens = {"<unk>": kind.UNKNOWN, "<s>": kind.CONTROL, "</s>": kind.CONTROL, **{f"<0x{byte:02X}>": kind.BYTE for byte in range(256)}}
        # Token → the one after it.
        self.successors = {}
        for beginning, (before, character, after) in TEXTS.items():
            self.tokens[beginning] = kind.CONTROL
            self.chain([beginning, *self.words(before), *(f"<0x{byte:02X}>" for byte in character.encode()), *self.words(after)], beginning)
        while len(self.tokens) < SIZE:
            self.tokens[f"<unused {len(self.tokens)}>"] = kind.UNUSED

    def words(self, text: str):
        """Words with the blanks before them; as many together as make a token that there is not yet."""
        token = ""
        for word in re.findall(r"\s*\S+", text):
            token += word.replace(" ", "▁")
            if token not in self.tokens:
                self.tokens[token] = self.kind.NORMAL
                yield token
                token = ""
        assert not token, token

    def chain(self, tokens: list[str], beginning: str) -> None:
        last = tokens[1] if beginning == "<|endless|>" else "</s>"
        for token, successor in zip(tokens, [*tokens[1:], last]):
            assert token not in self.successors, token
            self.successors[token] = successor


def write(path: Path) -> None:
    import numpy
    from gguf import GGUFWriter

    vocabulary = Vocabulary()
    names = list(vocabulary.tokens)
    file = GGUFWriter(path, "llama")
    file.add_context_length(CONTEXT)
    file.add_embedding_length(SIZE)
    file.add_feed_forward_length(SIZE)
    file.add_block_count(1)
    file.add_head_count(1)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_tokenizer_model("llama")
    file.add_token_list(names)
    file.add_token_types(list(vocabulary.tokens.values()))
    file.add_token_scores([0.0] * SIZE)
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    file.add_chat_template(TEMPLATE)
    ones, zeros = numpy.ones(SIZE, numpy.float32), numpy.zeros((SIZE, SIZE), numpy.float32)
    output = zeros.copy()
    for token, successor in vocabulary.successors.items():
        # So far above all others that chance has no part in it.
        output[names.index(successor), names.index(token)] = 5
    file.add_tensor("token_embd.weight", numpy.eye(SIZE, dtype=numpy.float32))
    file.add_tensor("output_norm.weight", ones)
    file.add_tensor("output.weight", output)
    for name in ("attn_norm", "ffn_norm"):
        file.add_tensor(f"blk.0.{name}.weight", ones)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        file.add_tensor(f"blk.0.{name}.weight", zeros)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def serve(arguments: argparse.Namespace) -> None:
    import xllamacpp as llama

    parameters = llama.CommonParams()
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.api_keys = [arguments.key]
    # One question at a time; the next one waits.
    parameters.n_parallel, parameters.n_ctx, parameters.cpuparams.n_threads = 1, CONTEXT, 1
    parameters.endpoint_slots = parameters.endpoint_metrics = True
    # Without it, an answer ends where the context does.
    parameters.ctx_shift = arguments.shift
    if arguments.inline:
        parameters.reasoning_format = llama.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
    with tempfile.TemporaryDirectory() as folder:
        parameters.model.path = f"{folder}/chain.gguf"
        write(Path(parameters.model.path))
        server = llama.Server(parameters)
    print("Serving", server.listening_address, flush=True)
    signal.pause()


def main() -> None:
    if Path(sys.prefix) != VENV:
        sys.path.insert(0, str(HERE.parent / "iac"))
        from machine import virtual_environment

        python = virtual_environment(VENV, HERE / "requirements.txt", "llama.cpp, which the Python helper asks in a test (60 MB)")
        os.execv(python, [python, *sys.argv])
    parser = argparse.ArgumentParser()
    parser.add_argument("--install", action="store_true", help="only that")
    parser.add_argument("--key", help="refuse all others")
    parser.add_argument("--inline", action="store_true", help="leave what the model thinks in its text")
    parser.add_argument("--shift", action="store_true", help="go on when the context is full")
    arguments = parser.parse_args()
    if not arguments.install:
        serve(arguments)


main()
