"""Numbers from recipes: crystal structures, descriptors, layer and process terms."""
