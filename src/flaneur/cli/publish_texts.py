"""What `flaneur publish` and `flaneur budget` say, in English and German."""

from flaneur.data.language import Language

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "measuring": "Measuring {video} in chunks that know nothing of one another",
        "written": "Public figures in {folder}: {number}, paid for in {ledger} (entry {entry}).",
        "guarantee": "Protected with ε = {epsilon} a day: whatever is visible for at most {rho} s at a time, at most "
        "{times} times a day.",
        "rows": "Assumed about detector and tracker: nothing.",
        "tracks": "Assumed: whoever passes is one track in each chunk and changes no other track.",
        "wide": "The noise is larger than most of the figures. Longer windows, fewer figures or events_per_track help.",
        "stopped": "Stopped early: nothing was spent and nothing is given.",
        "measure": "measure",
        "place": "place",
        "direction": "direction",
        "window": "window (UTC)",
        "value": "figure",
        "band": "95 % noise band",
        "crossings": "crossings",
        "passages": "entries and exits",
        "occupancy": "present on average",
        "all": "all",
        "budget": "Budget of {site}: ε = {epsilon} a day and camera, for whatever is visible for at most {rho} s at "
        "a time, at most {times} times a day.",
        "nothing": "Nothing was published yet: {ledger} is not there.",
        "camera": "camera",
        "day": "day",
        "releases": "releases",
        "left": "ε left where most was spent",
        "untouched": "On every other day all of it is left.",
    },
    "de": {
        "measuring": "Messe {video} in Abschnitten, die nichts voneinander wissen",
        "written": "Öffentliche Zahlen in {folder}: {number}, bezahlt in {ledger} (Eintrag {entry}).",
        "guarantee": "Geschützt mit ε = {epsilon} am Tag: was höchstens {rho} s am Stück zu sehen ist, höchstens "
        "{times}-mal am Tag.",
        "rows": "Angenommen über Erkennung und Verfolgung: nichts.",
        "tracks": "Angenommen: Wer vorbeikommt, ist in jedem Abschnitt eine Spur und ändert keine andere.",
        "wide": "Das Rauschen ist größer als die meisten Zahlen. Längere Fenster, weniger Zahlen oder events_per_track "
        "helfen.",
        "stopped": "Vorzeitig beendet: nichts ausgegeben und nichts herausgegeben.",
        "measure": "Größe",
        "place": "Ort",
        "direction": "Richtung",
        "window": "Fenster (UTC)",
        "value": "Zahl",
        "band": "Rauschband 95 %",
        "crossings": "Überquerungen",
        "passages": "Ein- und Austritte",
        "occupancy": "im Mittel anwesend",
        "all": "alle",
        "budget": "Budget von {site}: ε = {epsilon} je Tag und Kamera, für alles, was höchstens {rho} s am Stück zu "
        "sehen ist, höchstens {times}-mal am Tag.",
        "nothing": "Noch wurde nichts veröffentlicht: {ledger} gibt es nicht.",
        "camera": "Kamera",
        "day": "Tag",
        "releases": "Herausgaben",
        "left": "übriges ε, wo am meisten ausgegeben ist",
        "untouched": "An jedem anderen Tag ist alles übrig.",
    },
}
