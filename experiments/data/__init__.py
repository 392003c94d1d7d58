"""How data reach the model: data sets, loaders, batches, epochs."""
