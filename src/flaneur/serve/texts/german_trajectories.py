"""What the report says otherwise in German where the figures come from trajectories and not from a video."""

# ruff: noqa: E501 – a sentence is easier to proof-read, and to compare with its translation, on one line

GERMAN_TRAJECTORIES: dict[str, str] = {
    "lead_undated": "„{camera}“: Trajektorien aus {source}. Ihr Datum ist nicht bekannt; Zeiten zählen ab ihrem ersten Augenblick, in Stunden und Minuten.",
    "lead_dated": "„{camera}“: Trajektorien, {start} bis {end}. Uhrzeiten gelten für {timezone}.",
    "present_peak": "in der ganzen Szene; höchstens {peak} {kind} zugleich",
    "reading": "Jeder Balken steht für {width}. Schraffiert: nur zum Teil beobachtet, weil die Trajektorien dort beginnen oder enden oder eine Lücke haben. Gekreuzt: nicht beobachtet; es gibt keine Zahl, was nicht 0 bedeutet.",
    "made_intro": "Ein anderes Programm, eine Simulation oder eine Erhebung gab die Orte der Verkehrsteilnehmer. Regeln zählen und messen, was an Linien und in Zonen geschieht; einzelne Orte werden aus ihrer Datei gelesen und gelangen nie in diese.",
    "video": "Trajektorien",
    "video_value": "{source}, {length}",
    "times_dated": "die Uhr der Datei, gezeigt in {timezone}",
    "times_undated": "die Uhr der Datei ab ihrem ersten Augenblick; ihr Datum ist nicht bekannt",
    "checksum": "Prüfsumme der Datei (SHA-256)",
    "kinds": "Arten in der Datei",
    "rate": "Orte",
    "rate_value": "{rate} je Sekunde",
    "time_needed_value": "{wall}, {speed}-mal so schnell wie die Zeit, die die Datei umfasst",
    "def_crossings_text": "Der Ort eines Verkehrsteilnehmers gelangt von einer Seite der Linie auf die andere und von ihr weg; Schwanken oder Stehen auf der Linie und Umkehren zählen nicht.",
    "def_passages_text": "Der Ort passiert die Grenze der Zone und gelangt von ihr weg.",
    "def_occupancy_text": "Die Zahl der Verkehrsteilnehmer in der Zone oder Szene, gemittelt über die beobachtete Zeit, und ihr höchster Wert in einem Augenblick.",
    "def_coverage_text": "Der Anteil des Intervalls, den die Trajektorien ohne Lücke umfassen.",
    "unseen_whole": "Die Trajektorien umfassen die ganze Zeit: {length}.",
    "unseen_dropped": "{dropped} von {frames} Augenblicken waren nicht zu gebrauchen.",
    "unseen_no_drops": "Keiner von {frames} Augenblicken ging verloren.",
    "unseen_interrupted": "Der Lauf wurde vor dem Ende der Datei beendet. Was darin folgt, steht nicht in diesem Bericht.",
    "frames_seen": "Benutzte Augenblicke",
    "frames_dropped": "Verlorene Augenblicke",
    "limit_check": "Die Zahlen sind so gut wie die Trajektorien: Wer dort fehlt, fehlt hier, und wo sie falsch sind, sind es auch Geschwindigkeiten und Beinaheunfälle.",
    "privacy_has": "Zahlen über Orte und Intervalle von einer Minute oder mehr, Angaben zum Lauf und, wo gezeigt, eine Karte von Beinaheunfällen nach Quadratmetern.",
    "privacy_software": "Die Software erkennt keine Menschen wieder und liest keine Kennzeichen; es gibt dafür keine Einstellung. Von einzelnen Trajektorien wurde nichts aufgeschrieben.",
    "ground_none": "Die Orte kamen in Metern, also war nichts zu kalibrieren. Wie genau sie sind, ist hier nicht bekannt: Spannen enthalten nur, was die Datei über ihre Fehler sagt.",
}
