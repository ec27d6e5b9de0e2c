"""What the report says otherwise in German where it tells of some days out of a store and not of one video."""

# ruff: noqa: E501 – a sentence is easier to proof-read, and to compare with its translation, on one line

GERMAN_PERIOD: dict[str, str] = {
    "glance_caption": "Alle Zahlen des Zeitraums nach Art der Verkehrsteilnehmer",
    "reading": "Jeder Balken steht für {width}. Schraffiert: nur zum Teil beobachtet, weil die Beobachtung dort begann oder endete, die Kamera fehlte oder nichts zeigte oder Bilder fehlen. Gekreuzt: nicht beobachtet; es gibt keine Zahl, was nicht 0 bedeutet.",
    "coarser": "Der Lesbarkeit halber fassen die Diagramme Schritte von {interval} zu Balken von {width} zusammen; von Medianen und Perzentilen zeigen sie das Mittel, gewichtet nach der Zahl der Verkehrsteilnehmer dahinter. figures.csv behält jeden Schritt.",
    "presence_caption": "Anwesenheit im ganzen Zeitraum",
    "values_caption": "{measure} im ganzen Zeitraum",
    "groups_caption_count": "{measure}: wie oft, im ganzen Zeitraum",
    "groups_caption_share": "{measure}: Anteile, im ganzen Zeitraum",
    "groups_caption_mean": "{measure}: Mittel im ganzen Zeitraum, in s",
    "bands": "Der Bereich in Klammern enthält mit 95 % Sicherheit oder mehr, was wirklich da war, soweit Fehler der Orte bekannt sind. Für den ganzen Zeitraum gelten sie als in allen Schritten gleich, damit keiner für zu klein gehalten wird.",
    "withheld": "Werte von weniger als drei Verkehrsteilnehmern in einem Schritt (äußere Perzentile: von weniger als sieben) werden nicht gezeigt, denn es wären Zahlen über diese; die Mittel des Zeitraums und die Anzahlen daneben beruhen auf den anderen. Mediane und Perzentile des Zeitraums folgen nicht aus denen seiner Schritte: Wo ein Strich (–) steht, nennen die Diagramme und figures.csv sie Schritt für Schritt.",
    "made_intro": "Ein Detektor betrachtet einzelne Bilder der Kamera, ein Verfolger verbindet sie über die Zeit, und Regeln zählen, was an Linien, Zonen und Rändern geschieht. Rahmen und Spuren gibt es nur im Arbeitsspeicher und nur, solange jemand im Bild ist. Dieser Bericht wurde aus den gespeicherten Zahlen zusammengestellt.",
    "video": "Kamera",
    "video_value": "{source}, {width} × {height} Bildpunkte; ein Zeitraum von {length}",
    "times_dated": "wann die Bilder entstanden, gezeigt in {timezone}",
    "rate_value": "{rate} je Sekunde",
    "delay_value": "höchstens eine Sekunde: So lange kann eine Zählung auf einen zweiten Blick warten",
    "unseen_whole": "Der ganze Zeitraum wurde beobachtet: {length}.",
    "unseen_notes": "Vom Programm vermerkt, auch vor und nach dem Zeitraum, falls es da lief",
    "privacy_has": "Zahlen über Orte und Intervalle von einer Minute oder mehr und Angaben dazu, wie sie entstanden.",
    "ground_none": "Dieser Bericht wurde allein aus gespeicherten Zahlen gemacht, und wie der Boden kalibriert wurde, steht nicht im Speicher. Zahlen in Metern, wo es sie gibt, enthalten dessen Fehler in ihren Spannen.",
}
