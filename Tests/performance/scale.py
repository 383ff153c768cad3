#!/usr/bin/env python3
"""Reckons what a city needs of brokers, centres and databases, from inputs that can be changed: nothing here is measured by it.

    scale.py [--sites 10000] [--cameras 20] …        scale.py --help lists the inputs with their defaults

The inputs that were measured come from `gridwarden simulate` and a centre's database; docs/scale.md says which, and on what.
"""
import argparse

INPUTS = [
    # name, default, what
    ("sites", 10_000, "sites of the city"),
    ("cameras", 20, "cameras of a site"),
    ("counties", 10, "counties of the city"),
    ("townships", 10, "townships of a county"),
    ("messages", 10, "messages about incidents of a camera in a day"),
    ("per-incident", 3, "messages about one incident: opened, with pictures, closed"),
    ("peak", 10, "the busiest minute against the mean"),
    ("report", 60, "seconds between two states of a site"),
    ("camera-changes", 5, "changes of state of a camera in a day"),
    ("alert-bytes", 2084, "bytes of a message about an incident"),
    ("open-bytes", 1310, "bytes of a retained incident, its emptying among them"),
    ("site-bytes", 1500, "bytes of a site's state"),
    ("camera-bytes", 400, "bytes of a camera's state"),
    ("pictures", 2, "pictures of an incident"),
    ("picture-bytes", 80_000, "bytes of a picture"),
    ("row-message", 698, "bytes of a message in the database, indexes included"),
    ("row-incident", 487, "bytes of an incident"),
    ("row-case", 695, "bytes of a case and of what ties an incident to it"),
    ("row-event", 139, "bytes of a step in the history of a case"),
    ("events", 6, "steps of a case"),
    ("dispatched", 0.3, "share of cases that a department is told of"),
    ("row-delivery", 2000, "bytes of what a department was told"),
    ("keep-messages", 184, "days for which messages are kept"),
    ("keep-cases", 1825, "days for which cases are kept"),
    ("keep-pictures", 30, "days for which pictures are kept"),
]
DAY = 86_400


def number(value):
    for size, name in ((1e12, " T"), (1e9, " G"), (1e6, " M")):
        if value >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(heads, rows):
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(cell if isinstance(cell, str) else number(cell) for cell in row) + " |")
    print()


def reckon(i):
    cameras = i.sites * i.cameras
    alerts = cameras * i.messages
    incidents = alerts / i.per_incident
    channels = [
        ("alert", alerts, i.alert_bytes),
        ("open, retained", alerts, i.open_bytes),
        ("site, retained", i.sites * DAY / i.report, i.site_bytes),
        ("camera, retained", cameras * i.camera_changes, i.camera_bytes),
    ]
    rows = [(name, count, count / DAY, count / DAY * size / 1000) for name, count, size in channels]
    total = [sum(row[n] for row in rows) for n in (1, 2, 3)]
    # States come evenly; what people and streets do comes together.
    busy = (2 * alerts / DAY + cameras * i.camera_changes / DAY) * i.peak + i.sites / i.report
    table(["into the brokers", "a day", "a second", "kB/s"], rows + [("**all**", *total)])
    pictures = incidents * i.pictures
    table(["besides", "a day", "a second", "kB/s"], [
        ("pictures, where sites send them", pictures, pictures / DAY, pictures / DAY * i.picture_bytes / 1000),
        ("all of it in the busiest minute, without pictures", "", busy, "")])
    levels = []
    for name, share in (("a township", i.counties * i.townships), ("a county", i.counties), ("the city", 1)):
        levels.append((name, i.sites / share, cameras / share, total[1] / share, busy / share))
    table(["broker of", "sites", "cameras", "messages/s", "in the busiest minute"], levels)
    day = [
        ("message", alerts, alerts * i.row_message, i.keep_messages),
        ("incident", incidents, incidents * i.row_incident, i.keep_cases),
        ("casefile, case_incident", 2 * incidents, incidents * i.row_case, i.keep_cases),
        ("case_event", incidents * i.events, incidents * i.events * i.row_event, i.keep_cases),
        ("delivery", incidents * i.dispatched, incidents * i.dispatched * i.row_delivery, i.keep_cases),
    ]
    table(["table of the city's centre", "rows a day", "bytes a day", "kept, days", "bytes when full"],
          [(name, rows, size, f"{days:g}", size * days) for name, rows, size, days in day]
          + [("**all**", sum(d[1] for d in day), sum(d[2] for d in day), "", sum(d[2] * d[3] for d in day)),
             ("pictures, where sites send them", pictures, pictures * i.picture_bytes, f"{i.keep_pictures:g}",
              pictures * i.picture_bytes * i.keep_pictures)])


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
for name, default, what in INPUTS:
    parser.add_argument(f"--{name}", type=float, default=default, help=f"{what} ({default:g})")
if __name__ == "__main__":
    reckon(parser.parse_args())
