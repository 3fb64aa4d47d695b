"""What runs before the graph, as data and never as code: one folder for each kind of stage."""
