"""What the report says otherwise in English where it tells of some days out of a store and not of one video."""

# ruff: noqa: E501 – a sentence is easier to proof-read, and to compare with its translation, on one line

ENGLISH_PERIOD: dict[str, str] = {
    "glance_caption": "All figures of the period by kind of road user",
    "reading": "Each bar stands for {width}. Hatched: observed in part only, because watching began or ended there, the camera was lost or blind, or pictures are missing. Crossed: not observed; there is no figure, which is not 0.",
    "coarser": "For legibility the charts add up steps of {interval} to bars of {width}; of medians and percentiles they show the mean, weighted by how many road users each rests on. figures.csv keeps every step.",
    "presence_caption": "Presence over the whole period",
    "values_caption": "{measure} over the whole period",
    "groups_caption_count": "{measure}: how often, over the whole period",
    "groups_caption_share": "{measure}: shares, over the whole period",
    "groups_caption_mean": "{measure}: mean over the whole period, in s",
    "bands": "The range in brackets holds, with 95 % certainty or more, what was really there, as far as errors of the positions are known. For the whole period they count as the same in all steps, so that none is taken for too small.",
    "withheld": "Values of fewer than three road users in a step (outer percentiles: of fewer than seven) are withheld, because they would be figures about those; the means of the period, and the numbers beside them, rest on the others. Medians and percentiles of the period do not follow from those of its steps: where a dash (–) stands, the charts and figures.csv tell them step by step.",
    "made_intro": "A detector looks at single pictures of the camera, a tracker joins what it sees over time, and rules count what happens at lines, zones and edges. Boxes and tracks exist in memory only, for as long as a road user is in sight. This report was put together from the figures that were stored.",
    "video": "Camera",
    "video_value": "{source}, {width} × {height} pixels; a period of {length}",
    "times_dated": "when the pictures were taken, shown in {timezone}",
    "rate_value": "{rate} times per second",
    "delay_value": "one second at most: a count may wait that long for a second look",
    "unseen_whole": "The whole period was observed: {length}.",
    "unseen_notes": "Noted by the program, also before and after the period if it was running then",
    "privacy_has": "Figures about places and intervals of a minute or more, and facts about how they came about.",
    "ground_none": "This report was made from stored figures alone, and a store does not hold how the ground was calibrated. Figures in metres, where there are any, carry its errors in their bands.",
}
