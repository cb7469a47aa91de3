"""What a training is asked to do: every setting declared once, the presets and the tested networks.

`training` is the table of settings, a row each. The form, the options of the command line, the
checks and the sentences about settings are made from its rows, so what belongs here is what a
setting is; what a setting does belongs to the code that trains.
"""

from zapcls.config.kinds import SUGGESTED, name_column
from zapcls.config.networks import (
    BUNDLED,
    Statistics,
    choose_weights,
    find_timm_name,
    has_stages,
    read_architectures,
    read_statistics,
)
from zapcls.config.presets import DEFAULT_PRESET, PRESETS, Preset, build_config
from zapcls.config.rows import SECTIONS, Setting
from zapcls.config.training import (
    DEFAULT_CLASSES,
    DEFAULT_TARGET,
    DEVICES,
    PARTS,
    PHASES,
    SETTINGS,
    STAGES,
    TrainConfig,
    choose_classes,
)

__all__ = [
    "BUNDLED", "DEFAULT_CLASSES", "DEFAULT_PRESET", "DEFAULT_TARGET", "DEVICES", "PARTS", "PHASES",
    "PRESETS", "SECTIONS", "SETTINGS", "STAGES", "SUGGESTED", "Preset", "Setting", "Statistics",
    "TrainConfig", "build_config", "choose_classes", "choose_weights", "find_timm_name",
    "has_stages", "name_column", "read_architectures", "read_statistics",
]  # fmt: skip
