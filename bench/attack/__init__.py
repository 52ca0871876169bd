"""What a stranger may try, as a program: each attack of docs/threat-model.md, and whether it got through."""
