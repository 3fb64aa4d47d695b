"""What the frameworks of neural networks share: arguments, examples, checks of calls, and the source of a net."""
