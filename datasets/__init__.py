"""What was made and measured: recipes, cells and the bundled tables."""
