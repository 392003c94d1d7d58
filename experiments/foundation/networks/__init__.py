"""Where networks are trained: everything that trains stands on this package, which knows no experiment.

| module | what |
|---|---|
| ``split`` | ``Examples`` and ``Split``: labelled images in three parts |
| ``batches`` | which examples come in which batch |
| ``fit`` | the short fit: update after update, seen from outside after each |
| ``budget`` | trainings under one budget that are compared: ``train``, ``tune`` |
| ``side_by_side``, ``ensemble``, ``tuned_networks`` | many networks at once, each with its own learning rate |
| ``loop`` | the long training: precision, resuming, several devices; ``recipe``, ``precision``, ``distributed``, ... |
| ``tuning`` | which setting each arm gets; without torch |
| ``evaluation``, ``metrics`` | what a network says of examples, and how good that is |
| ``timing`` | one thread, one seed, fair clocks |
| ``flops``, ``flops_counter``, ``parameter_counts`` | what a network costs |
| ``networks``, ``vision_transformer``, ``token_transformer``, ``transformer_block``, ``unet`` | networks to import |
| ``transformer`` | transformers side by side, with the normalization in any place |
"""
