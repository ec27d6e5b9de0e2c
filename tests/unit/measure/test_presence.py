import numpy as np

from flaneur.data.geometry import Zone
from flaneur.data.kinds import Kind
from flaneur.data.private import Presence, Tracks
from flaneur.measure.feet import picture_feet
from flaneur.measure.presence import presence
from flaneur.measure.zones import Zones
from support.walks import Walk, film

SQUARE = Zone("square", np.array([(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]))


def there(tracks: Tracks) -> Presence:
    feet = picture_feet(tracks)
    return presence(feet, Zones.in_picture([SQUARE], 100, 100).inside(feet.xy))


def test_counts_by_kind_in_zones_and_in_the_whole_picture() -> None:
    tracks = film(
        Walk([(50.0, 50.0)]),
        Walk([(60.0, 50.0)]),
        Walk([(50.0, 60.0)], kind=Kind.BUS),
        Walk([(5.0, 5.0)], kind=Kind.BUS),
    )[0]
    count = there(tracks).count
    assert (count[0, Kind.PEDESTRIAN], count[0, Kind.BUS], count[0].sum()) == (2, 1, 3)
    assert (count[1, Kind.PEDESTRIAN], count[1, Kind.BUS], count[1].sum()) == (2, 2, 4)


def test_nobody_is_zero_and_not_missing() -> None:
    count = there(film(Walk([(50.0, 50.0)]))[1]).count
    assert count.shape == (2, len(Kind))
    assert not count.any()
