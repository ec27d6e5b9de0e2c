"""What the report says otherwise in English where the figures come from trajectories and not from a video."""

# ruff: noqa: E501 – a sentence is easier to proof-read, and to compare with its translation, on one line

ENGLISH_TRAJECTORIES: dict[str, str] = {
    "lead_undated": "“{camera}”: trajectories from {source}. Their date is not known; times count from their first moment, in hours and minutes.",
    "lead_dated": "“{camera}”: trajectories, {start} to {end}. Times are those of {timezone}.",
    "present_peak": "in the whole scene; at most {peak} {kind} at once",
    "reading": "Each bar stands for {width}. Hatched: observed in part only, because the trajectories begin or end there or have a gap. Crossed: not observed; there is no figure, which is not 0.",
    "made_intro": "Another program, a simulation or a survey gave the positions of road users. Rules count and measure what happens at lines and in zones; single positions are read from its file and never enter this one.",
    "video": "Trajectories",
    "video_value": "{source}, {length}",
    "times_dated": "the file’s own clock, shown in {timezone}",
    "times_undated": "the file’s own clock from its first moment; its date is not known",
    "checksum": "Checksum of the file (SHA-256)",
    "kinds": "Kinds in the file",
    "rate": "Positions",
    "rate_value": "{rate} times per second",
    "time_needed_value": "{wall}, {speed} times as fast as the time that the file spans",
    "def_crossings_text": "The position of a road user passes from one side of the line to the other and gets clear of it; swaying or standing on the line and turning back count nothing.",
    "def_passages_text": "The position passes the border of the zone and gets clear of it.",
    "def_occupancy_text": "The number of road users in the zone or scene, averaged over the observed time, and its highest value at any one moment.",
    "def_coverage_text": "The share of the interval that the trajectories span without a gap.",
    "unseen_whole": "The trajectories span the whole time: {length}.",
    "unseen_dropped": "{dropped} of {frames} moments could not be used.",
    "unseen_no_drops": "No moment of {frames} was lost.",
    "unseen_interrupted": "The run was stopped before the end of the file. What follows in it is not in this report.",
    "frames_seen": "Moments used",
    "frames_dropped": "Moments lost",
    "limit_check": "The figures are as good as the trajectories: whom those miss is missing here, and where those are wrong so are speeds and near misses.",
    "privacy_has": "Figures about places and intervals of a minute or more, facts about the run, and, where shown, a map of near misses by square metre.",
    "privacy_software": "The software neither recognises people nor reads number plates; there is no setting for it. Of single trajectories nothing was written down.",
    "ground_none": "The positions came in metres, so nothing was to be calibrated. How exact they are is not known here: bands hold only what the file says of its errors.",
}
