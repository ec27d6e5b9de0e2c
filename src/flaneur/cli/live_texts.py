"""What `flaneur camera test` and `flaneur watch --plan` say, in English and German."""

from flaneur.data.language import Language

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "rate": "{rate} pictures/s",
        "no_rate": "too few pictures to tell a rate",
        "first": "first picture after {seconds} s",
        "dropped": "{dropped} pictures lost or damaged",
        "played": "played at its own pace",
        "untimed": "the camera does not tell its time: pictures are dated by their arrival",
        "delay": "delay {seconds} s by the camera's clock",
        "wrong_clock": "the camera's clock is {seconds} s off and is not used; set it",
        "hidden": "grey all over, because it is not certain that everybody is hidden",
        "silent": "note: camera {camera!r} gave no pictures and is not part of this",
        "measured": "measured on {number} of the site's cameras:",
        "sends": "  a camera sends {frames} frames a second; the detector looks {looks} times",
        "takes": "  a camera takes {cores} cores ({decode} to decode), {memory} MB",
        "machine": "this machine: {cores} cores, {memory} MB free",
        "carries": "it carries about {cameras} such cameras",
        "too_many": "note: the site has {cameras}; lower detector.rate_per_s or use the cameras' sub-streams, or fewer "
        "cameras",
    },
    "de": {
        "rate": "{rate} Bilder/s",
        "no_rate": "zu wenige Bilder für eine Bildrate",
        "first": "erstes Bild nach {seconds} s",
        "dropped": "Bilder verloren oder beschädigt: {dropped}",
        "played": "im eigenen Takt abgespielt",
        "untimed": "die Kamera nennt ihre Zeit nicht: Bilder tragen die Zeit ihrer Ankunft",
        "delay": "Verzug {seconds} s nach der Uhr der Kamera",
        "wrong_clock": "die Uhr der Kamera geht um {seconds} s falsch und wird nicht benutzt; bitte stellen",
        "hidden": "ganz grau, weil nicht sicher ist, dass jeder verdeckt ist",
        "silent": "Hinweis: Kamera {camera!r} lieferte keine Bilder und ist nicht einbezogen",
        "measured": "gemessen an {number} der Kameras des Standorts:",
        "sends": "  eine Kamera sendet {frames} Bilder/s; der Detektor betrachtet {looks} davon",
        "takes": "  eine Kamera braucht {cores} Kerne (davon {decode} zum Dekodieren) und {memory} MB",
        "machine": "dieser Rechner: {cores} Kerne, {memory} MB frei",
        "carries": "er trägt etwa {cameras} solche Kameras",
        "too_many": "Hinweis: der Standort hat {cameras}; detector.rate_per_s senken, Substreams der Kameras nehmen "
        "oder weniger Kameras",
    },
}
