"""Object detection: metrics as COCO and VOC define them, and what the stride of a network costs."""
