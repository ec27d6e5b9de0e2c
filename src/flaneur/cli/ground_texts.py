"""What `flaneur ground` says, in English and German."""

from flaneur.data.language import Language

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "picture": "{picture}: the place without people, under a grid to compare with what you know of it",
        "not_found": "The ground could not be found from the sizes of road users: {trouble}",
        "points": "Ground from measured points.",
        "tsai": "Ground from a camera file (Tsai).",
        "opencv": "Ground from a camera file (OpenCV).",
        "sizes": "Ground from the sizes of road users.",
        "rough": "Nothing was measured on the spot: lengths and speeds are rough, and marked so.",
        "camera": "The camera is {height} m above the ground and looks down by {tilt}°.",
        "horizon": "The horizon is at {share} of the picture's height from the top; above it there is no ground.",
        "scale": "Lengths and speeds may be off by ±{share} % because of the calibration (95 %).",
        "point": "point",
        "off_m": "off by m",
        "off_px": "off by pixels",
        "left_out": "disagrees, left out",
        "unchecked": "Four points always fit, so nothing checks them. Add two or more.",
        "disagrees": "Point {number} lies {metres} m ({pixels} pixels) from where the others put it: measure it again, "
        "or look whether it is at another place in the list.",
        "trouble": "{trouble}",
        "measure": "\nTo measure in metres: choose 4 points of the ground, better 6 or more, that you can find in the "
        "picture and on the spot and that lie far apart. Measure them from any one of them, x along the street, y to "
        "the left of it, and write them below [[camera]] in the site file:",
        "measure_how": "`picture` is in shares of the picture's width and height, from its top left corner; "
        "`flaneur site init` draws a grid to read them from. Then call this command again with --site.",
        "or_rough": "\nOr go on without a measuring tape, with what was found here:",
        "next": "Go on with: flaneur run {video} --site {site}",
    },
    "de": {
        "picture": "{picture}: der Ort ohne Menschen, darüber ein Gitter zum Vergleich mit dem, was bekannt ist",
        "not_found": "Aus den Größen der Verkehrsteilnehmer war der Boden nicht zu finden: {trouble}",
        "points": "Boden aus gemessenen Punkten.",
        "tsai": "Boden aus einer Kameradatei (Tsai).",
        "opencv": "Boden aus einer Kameradatei (OpenCV).",
        "sizes": "Boden aus den Größen der Verkehrsteilnehmer.",
        "rough": "Vor Ort wurde nichts gemessen: Längen und Geschwindigkeiten sind grob und so gekennzeichnet.",
        "camera": "Die Kamera ist {height} m über dem Boden und blickt um {tilt}° nach unten.",
        "horizon": "Der Horizont liegt bei {share} der Bildhöhe von oben; darüber ist kein Boden.",
        "scale": "Längen und Geschwindigkeiten können wegen der Kalibrierung um ±{share} % abweichen (95 %).",
        "point": "Punkt",
        "off_m": "Abweichung in m",
        "off_px": "Abweichung in Bildpunkten",
        "left_out": "widerspricht, ausgelassen",
        "unchecked": "Vier Punkte passen immer, also prüft sie nichts. Zwei oder mehr hinzufügen.",
        "disagrees": "Punkt {number} liegt {metres} m ({pixels} Bildpunkte) neben der Stelle, an die ihn die anderen "
        "legen: neu messen, oder nachsehen, ob er in der Liste an anderer Stelle steht.",
        "trouble": "{trouble}",
        "measure": "\nUm in Metern zu messen: 4 Punkte des Bodens wählen, besser 6 oder mehr, die im Bild und vor Ort "
        "zu finden sind und weit auseinander liegen. Von einem davon aus messen, x entlang der Straße, y nach links, "
        "und unter [[camera]] in die Standortdatei schreiben:",
        "measure_how": "`picture` in Anteilen der Breite und Höhe des Bildes von oben links; `flaneur site init` "
        "zeichnet ein Gitter zum Ablesen. Danach diesen Befehl mit --site wiederholen.",
        "or_rough": "\nOder ohne Maßband weiter, mit dem, was hier gefunden wurde:",
        "next": "Weiter mit: flaneur run {video} --site {site}",
    },
}
