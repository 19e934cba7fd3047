"""Tables that people bring: read, matched against the register, planned row by row before anything is written.

reading   bytes -> headings and rows, of a spreadsheet, a text file or GeoJSON
columns   which column holds which field, a kind at a time
lines     what a row says, once read; what is wrong with it; what is to be done about it
wording   every problem's text and remedy
spool     the rows between two requests, sealed on disk
roster, enterprises, specialists, geodata …   a kind's reader and planner: they read, never write
writing   the one place that writes what was planned, a chunk at a time (called by park/actions/imports.py)
"""
