"""Loss functions: what they measure, where their gradients lead and what they are mistaken for."""
