"""The layers of a package that are drawn, kept as text: a process that draws none would hold them for nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder().decode


class PackedLayers(Mapping[str, dict[str, Any]]):
    """GeoJSON feature collections by name; each is read when it is asked for, and is the asker's own."""

    def __init__(self, layers: Mapping[str, Mapping[str, object]]) -> None:
        self._texts = {name: _ENCODE(layer) for name, layer in layers.items()}

    def __getitem__(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = _DECODE(self._texts[name])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
