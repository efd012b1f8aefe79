"""What is settled before a training begins: its words, and whether a run can go on."""
